@echo off
rem The steps of packaging/run for a double click on Windows.
setlocal
set "ROOT=%~dp0..\.."
set "PYTHON=%ROOT%\.venv\Scripts\python.exe"
set "STAMP=%ROOT%\.venv\leukview-bat.stamp"
set "OPENED=%ROOT%\.venv\leukview-opened.stamp"
set PYTHONUTF8=1

fc /b "%ROOT%\packaging\constraints.txt" "%STAMP%" >nul 2>nul && goto start
if exist "%PYTHON%" goto install
for %%v in (3.13 3.12 3.11) do (
  py -%%v -c "" >nul 2>nul && py -%%v -m venv "%ROOT%\.venv" && goto install
)
echo LeukView needs Python 3.11, 3.12 or 3.13, and none was found. Nothing was installed.
echo Install Python 3.13 from https://www.python.org/downloads/ and start again.
pause
exit /b 70

:install
echo Installing LeukView. The first time this takes a few minutes.
pushd "%ROOT%"
"%PYTHON%" -m pip install -qq --disable-pip-version-check --constraint packaging\constraints.txt --editable .
if errorlevel 1 (
  popd
  echo LeukView could not be installed; the reason stands above. No data was touched.
  pause
  exit /b 70
)
popd
copy /y "%ROOT%\packaging\constraints.txt" "%STAMP%" >nul

:start
if not "%~1"=="" goto arguments
if exist "%OPENED%" goto arguments
type nul >"%OPENED%"
"%PYTHON%" -P -m leukview "%ROOT%\resources\samples\cnmc"
goto end
:arguments
"%PYTHON%" -P -m leukview %*
:end
set CODE=%errorlevel%
if not %CODE%==0 if "%~1"=="" pause
exit /b %CODE%
